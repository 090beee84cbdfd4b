// `models`: what a service is told of the models that it uses. Pure.
import type { Project, Service } from '../model.ts';

/** Whether any service uses a model. */
export const usesModels = (project: Project): boolean =>
  Object.values(project.services).some(({ models }) => Object.keys(models ?? {}).length > 0);

/** `LLM_URL` and `LLM_MODEL` for the model `llm`, or the names that the service gives. */
function modelVariables(project: Project, { models = {} }: Service, endpoint: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [key, names] of Object.entries(models)) {
    const prefix = key.toUpperCase().replaceAll('-', '_');
    variables[names?.model_var || `${prefix}_MODEL`] = project.models[key]?.model ?? '';
    variables[names?.endpoint_var || `${prefix}_URL`] = endpoint;
  }
  return variables;
}

/** The project whose services know where their models are. */
export function withModelVariables(project: Project, endpoint: string): Project {
  const services = Object.entries(project.services).map(([name, service]): [string, Service] => {
    const variables = modelVariables(project, service, endpoint);
    if (Object.keys(variables).length === 0) return [name, service];
    return [name, { ...service, environment: { ...service.environment, ...variables } }];
  });
  return { ...project, services: Object.fromEntries(services) };
}

/** Services whose models nobody has looked up. */
export const unservedModels = (project: Project): string[] =>
  Object.values(project.services)
    .filter((service) =>
      Object.keys(modelVariables(project, service, '')).some((name) => service.environment?.[name] === undefined),
    )
    .map(({ name }) => name);
