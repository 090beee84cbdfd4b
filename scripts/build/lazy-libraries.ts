// Keeps out of the bundle what windlass never calls. dockerode requires a connection of its own (docker-modem with ssh2), gRPC with
// protobufjs for BuildKit sessions, and tar packing, all while it loads (about 80 ms); src/engine/client has its own for each.
import type { Plugin } from 'esbuild';

/** What dockerode requires and windlass does not use. */
const UNUSED = /^(docker-modem|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs|tar-fs|@balena\/dockerignore)$/;

/** Modules of Node's own that a library requires while it loads, for work that windlass never or seldom gives it. */
const SELDOM: readonly { readonly module: RegExp; readonly importer: RegExp }[] = [
  { module: /^node:child_process$/, importer: /\/node_modules\/commander\// },
  { module: /^(zlib|crypto)$/, importer: /\/node_modules\/dockerode\// },
];

/** `require('node:process')` reads every property of it, and so opens the standard streams; the global is the same object. */
const PROCESS = { module: /^node:process$/, importer: /\/node_modules\/commander\// };

/** Loads the module when something of it is asked for. */
const onFirstUse = (module: string): string =>
  `module.exports = new Proxy({}, { get: (_, key) => Reflect.get(require('${module}'), key) });`;

/** Fails loudly where the assumption turns out wrong: on use, not on load. */
const standIn = (library: string): string => `
const refuse = () => { throw new Error('${library} is not part of this bundle'); };
module.exports = new Proxy(function () {}, { get: refuse, apply: refuse, construct: refuse });
`;

/** esbuild plugin that puts the stand-ins in place. */
export function lazyLibraries(): Plugin {
  const namespace = 'stand-in';
  return {
    name: 'lazy-libraries',
    setup(build) {
      build.onResolve({ filter: UNUSED }, ({ path, importer }) =>
        importer.includes('/node_modules/dockerode/') ? { path, namespace } : undefined,
      );
      build.onResolve({ filter: /^(node:child_process|zlib|crypto)$/ }, ({ path, importer }) =>
        SELDOM.some((seldom) => seldom.module.test(path) && seldom.importer.test(importer))
          ? { path, namespace: 'on-first-use' }
          : undefined,
      );
      build.onResolve({ filter: PROCESS.module }, ({ path, importer }) =>
        PROCESS.importer.test(importer) ? { path, namespace: 'global' } : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: 'global' }, () => ({
        contents: 'module.exports = process;',
        loader: 'js',
      }));
      build.onResolve({ filter: /.*/, namespace: 'on-first-use' }, ({ path }) => ({ path, external: true }));
      build.onLoad({ filter: /.*/, namespace: 'on-first-use' }, ({ path }) => ({
        contents: onFirstUse(path),
        loader: 'js',
      }));
      build.onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: standIn(path), loader: 'js' }));
    },
  };
}
