// `# syntax=`: which frontend reads the file. There is one here; images with others are programs of their own. Pure.
import { WindlassError } from '../../../../errors.ts';
import { parseReference } from '../../../../registry/reference.ts';

/** Whether an image of a frontend is Dockerfile's own, wherever it was copied to: `docker/dockerfile:1`, `mirror.lan/docker/dockerfile`. */
export const isDockerfileFrontend = (image: string): boolean =>
  /(?:^|\/)dockerfile(?:-upstream)?$/.test(parseReference(image)?.repository ?? '');

/** @throws WindlassError for a frontend that this engine has not. */
export function checkSyntax(image: string): void {
  if (isDockerfileFrontend(image)) return;
  throw new WindlassError(
    'BUILD_FRONTEND',
    `the syntax "${image}" is not served by the windlass native engine: such an image is a program that makes graphs of build steps (LLB) for BuildKit; this engine reads Dockerfiles (docker/dockerfile) itself`,
  );
}
