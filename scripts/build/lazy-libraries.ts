// Keeps libraries that few commands need off every command's start path. dockerode requires gRPC, protobufjs and ssh2 while it
// loads (about 80 ms); here each becomes a stand-in that loads its own file on first use.
import type { Plugin } from 'esbuild';

/** Files of dist/lib that are bundled on their own and loaded by a stand-in: output name → source. */
export const VENDORED: Readonly<Record<string, string>> = {
  'vendor-grpc': 'node_modules/@grpc/grpc-js/build/src/index.js',
  'vendor-proto-loader': 'node_modules/@grpc/proto-loader/build/src/index.js',
  'vendor-protobuf': 'node_modules/protobufjs/index.js',
  'vendor-ssh': 'node_modules/docker-modem/lib/ssh.js',
};

/** What is required, by whom → the file that stands behind it. */
const STAND_INS: readonly { readonly path: RegExp; readonly importer: RegExp; readonly vendor: string }[] = [
  { path: /^@grpc\/grpc-js$/, importer: /\/dockerode\//, vendor: 'vendor-grpc' },
  { path: /^@grpc\/proto-loader$/, importer: /\/dockerode\//, vendor: 'vendor-proto-loader' },
  { path: /^protobufjs$/, importer: /\/dockerode\//, vendor: 'vendor-protobuf' },
  { path: /^\.\/ssh$/, importer: /\/docker-modem\//, vendor: 'vendor-ssh' },
];

const standIn = (vendor: string): string => `
let real;
const load = () => (real ??= require('./${vendor}.cjs'));
module.exports = new Proxy(function () {}, {
  get: (_, key) => load()[key],
  has: (_, key) => key in load(),
  apply: (_, self, args) => Reflect.apply(load(), self, args),
  construct: (_, args) => Reflect.construct(load(), args),
});
`;

/** esbuild plugin that puts the stand-ins in place. */
export function lazyLibraries(): Plugin {
  const namespace = 'stand-in';
  return {
    name: 'lazy-libraries',
    setup(build) {
      build.onResolve({ filter: /^(@grpc\/|protobufjs$|\.\/ssh$)/ }, (request) => {
        const match = STAND_INS.find(
          ({ path, importer }) => path.test(request.path) && importer.test(request.importer),
        );
        return match && { path: match.vendor, namespace };
      });
      build.onResolve({ filter: /^\.\/vendor-.*\.cjs$/, namespace }, (request) => ({
        path: request.path,
        external: true,
      }));
      build.onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: standIn(path), loader: 'js' }));
    },
  };
}
