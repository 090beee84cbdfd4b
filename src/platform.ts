// The platform of services that are built, where the environment rather than the file says it.
import { WindlassError } from './errors.ts';
import type { Service } from './model.ts';

/**
 * A service with a build takes DOCKER_DEFAULT_PLATFORM for its platform unless it names one; the result counts for the config
 * hash. Throws SPEC_PLATFORM where the platform is not among `build.platforms`.
 */
export function withDefaultPlatform(service: Service, environment: Readonly<Record<string, string>>): Service {
  if (service.build === undefined) return service;
  const platform = service.platform || environment.DOCKER_DEFAULT_PLATFORM;
  if (!platform) return service;
  const platforms = service.build.platforms ?? [];
  if (platforms.length > 0 && !platforms.includes(platform))
    throw new WindlassError('SPEC_PLATFORM', `service "${service.name}": build.platforms does not list "${platform}"`, {
      hint: service.platform
        ? `add "${platform}" to build.platforms, or change the service's platform`
        : `add "${platform}" to build.platforms, or unset DOCKER_DEFAULT_PLATFORM`,
    });
  return { ...service, platform };
}
