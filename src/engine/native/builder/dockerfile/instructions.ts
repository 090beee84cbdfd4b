// What a Dockerfile says, as data. Words still hold their variables and quotes: they are expanded when their turn comes.
import type { HealthConfig } from '../../images/image-config.ts';
import type { Heredoc } from './lexer.ts';

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** A command: a list of words, or text for the shell. */
export interface CommandLine {
  readonly words: readonly string[];
  readonly shell: boolean;
}

export type MountType = 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';

/** `RUN --mount`: the options as written, checked for the type. */
export interface RunMount {
  readonly type: MountType;
  readonly options: Readonly<Record<string, string>>;
}

export interface CopyOptions {
  /** Stage, index, named context or image; undefined for the build context. */
  readonly from: string | undefined;
  readonly chown: string | undefined;
  readonly chmod: string | undefined;
  readonly link: boolean;
  readonly parents: boolean;
  readonly exclude: readonly string[];
  readonly checksum: string | undefined;
  /** `ADD --keep-git-dir`. */
  readonly keepGitFolder: boolean | undefined;
  /** `ADD --unpack`: undefined leaves local archives unpacked and remote ones packed. */
  readonly unpack: boolean | undefined;
}

interface Place {
  /** Line in the Dockerfile, counted from 1. */
  readonly line: number;
  /** The instruction as written, continued lines joined. */
  readonly text: string;
}

export type Instruction = Place &
  (
    | { readonly kind: 'arg'; readonly args: readonly { readonly key: string; readonly value: string | undefined }[] }
    | { readonly kind: 'env' | 'label'; readonly pairs: readonly KeyValue[] }
    | {
        readonly kind: 'run';
        readonly command: CommandLine;
        readonly mounts: readonly RunMount[];
        readonly network: 'default' | 'none' | 'host';
        readonly heredocs: readonly Heredoc[];
      }
    | { readonly kind: 'cmd' | 'entrypoint'; readonly command: CommandLine }
    | {
        readonly kind: 'copy' | 'add';
        readonly sources: readonly string[];
        readonly destination: string;
        readonly options: CopyOptions;
        readonly heredocs: readonly Heredoc[];
      }
    | { readonly kind: 'volume' | 'expose'; readonly words: readonly string[] }
    | { readonly kind: 'user' | 'stopsignal' | 'maintainer'; readonly value: string }
    | { readonly kind: 'workdir'; readonly value: string }
    | { readonly kind: 'shell'; readonly shell: readonly string[] }
    | { readonly kind: 'healthcheck'; readonly health: HealthConfig }
    | { readonly kind: 'onbuild'; readonly trigger: string }
  );

export type InstructionOf<K extends Instruction['kind']> = Extract<Instruction, { readonly kind: K }>;

export interface Stage extends Place {
  readonly index: number;
  /** Lower case; undefined without AS. */
  readonly name: string | undefined;
  /** As written: may hold variables. */
  readonly base: string;
  readonly platform: string | undefined;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  /** ARG before the first FROM. */
  readonly globals: readonly InstructionOf<'arg'>[];
  readonly stages: readonly Stage[];
  readonly escapeToken: '\\' | '`';
  readonly warnings: readonly string[];
}
