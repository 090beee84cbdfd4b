// Building images: chooses the builder, and refuses by name what it cannot honour.

import type { DockerConfig } from '../../../docker-config.ts';
import { EngineError } from '../../../errors.ts';
import type { BuildRequest, Capabilities, Engine } from '../../engine.ts';
import { betterBuilder, builderFor, buildRequirements } from '../../requirements.ts';
import type { Client } from '../client.ts';
import type { Greeting } from '../handshake.ts';
import { findBuildx } from './plugins.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The native engine's own; BuildKit where the engine has it, through buildx where that is installed; the classic builder otherwise and with DOCKER_BUILDKIT=0. */
export function builderOf(
  greeting: Greeting,
  configDirectory: string,
  config: DockerConfig,
  env: Env,
): Capabilities['builder'] {
  if (greeting.kind === 'native') return 'native';
  if (!greeting.hasBuildKit || env.DOCKER_BUILDKIT === '0') return 'classic';
  return findBuildx(configDirectory, config.cliPluginsExtraDirs) === undefined ? 'buildkit' : 'buildx';
}

export function buildVerbs(client: Client, config: DockerConfig): Pick<Engine, 'buildImage'> {
  return {
    async buildImage(request, onOutput, signal) {
      const best = client.capabilities.builder;
      const builder = chosenBuilder(request, best);
      refuseUnsupported(request, builder, best);
      const plugin =
        builder === 'buildx' ? findBuildx(client.target.configDirectory, config.cliPluginsExtraDirs) : undefined;
      // Each brings libraries that commands which build nothing do without.
      if (plugin === undefined) {
        const { buildInEngine } = await import('./classic.ts');
        const inEngine = builder === 'classic' || builder === 'native' ? builder : 'buildkit';
        return await buildInEngine(client, config, inEngine, request, onOutput, signal);
      }
      const { buildWithBuildx } = await import('./buildx.ts');
      return await buildWithBuildx(client, plugin, request, onOutput, signal);
    },
  };
}

/** `--memory` is like the attributes that BuildKit does not take from the engine's API. */
const chosenBuilder = (request: BuildRequest, best: Capabilities['builder']): Capabilities['builder'] =>
  best === 'buildkit' && request.memory !== undefined ? 'classic' : builderFor(request.build, best);

/** Flags of the command count like attributes of the file. */
function refuseUnsupported(
  request: BuildRequest,
  builder: Capabilities['builder'],
  best: Capabilities['builder'],
): void {
  const build = { ...request.build, ...flags(request) };
  const lacking = buildRequirements(build, builder).map((attribute) => `build.${attribute}`);
  if (builder !== 'buildx' && request.check === true) lacking.push('--check');
  if (builder !== 'buildx' && request.builder !== undefined) lacking.push('--builder');
  if (lacking.length === 0) return;
  const { needs, hint } = betterBuilder(best);
  throw new EngineError(
    `service "${request.service}": ${lacking.join(', ')} ${lacking.length === 1 ? 'needs' : 'need'} ${needs}`,
    {
      ...{ kind: 'unsupported', verb: 'buildImage', resource: `the image of service "${request.service}"` },
      hint: `${hint}, or remove ${lacking.length === 1 ? 'it' : 'them'}`,
    },
  );
}

const flags = ({ platforms, ssh, provenance, sbom }: BuildRequest): Partial<BuildRequest['build']> => ({
  platforms,
  ...(ssh === undefined ? {} : { ssh }),
  ...(provenance === undefined ? {} : { provenance }),
  ...(sbom === undefined ? {} : { sbom }),
});
