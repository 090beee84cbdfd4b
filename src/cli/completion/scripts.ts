// The completion scripts that shells load. Each asks `PROGRAM __complete WORDS…`, which answers with lines of
// `value<TAB>help` and a last line `:N`, the protocol of cobra's commands (docker's own completion speaks it too):
// N = 4 forbids files, plus 2 forbids the blank after the word.

export type Shell = 'bash' | 'zsh' | 'fish';
export const isShell = (text: string): text is Shell => text === 'bash' || text === 'zsh' || text === 'fish';

/** The script for one shell; `program` is the command's name as the user types it. */
export function completionScript(shell: Shell, program: string): string {
  const name = `_${program.replace(/[^A-Za-z0-9]/g, '_')}_complete`;
  return SCRIPTS[shell].replaceAll('@PROGRAM@', program).replaceAll('@FUNCTION@', name);
}

/** bash breaks words at `=` and `:` too: they are put together again for the question, and cut off the answers. */
const BASH = String.raw`# bash completion for @PROGRAM@
@FUNCTION@() {
  local words=() word="" at open=0 line directive
  for ((at = 1; at <= COMP_CWORD; at++)); do
    word="${'$'}{COMP_WORDS[at]}"
    if ((open)) || { [[ $word == [=:]* ]] && ((${'$'}{#words[@]} > 0)); }; then
      words[${'$'}{#words[@]}-1]+="$word"
    else
      words+=("$word")
    fi
    open=0
    [[ $word == *[=:] && $at -lt $COMP_CWORD ]] && open=1
  done
  local current="${'$'}{words[${'$'}{#words[@]}-1]}" cut=""
  [[ $current == *[=:]* ]] && cut="${'$'}{current%"${'$'}{current##*[=:]}"}"
  [[ $current == *= || $current == *: ]] && cut="$current"
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :* ]]; then directive="${'$'}{line#:}"; continue; fi
    line="${'$'}{line%%${'$'}'\t'*}"
    [[ $line == "$current"* ]] && COMPREPLY+=("${'$'}{line#"$cut"}")
  done < <("${'$'}{COMP_WORDS[0]}" __complete "${'$'}{words[@]}" 2>/dev/null)
  ((directive & 2)) && compopt -o nospace 2>/dev/null
  if ! ((directive & 4)); then
    compopt -o filenames 2>/dev/null
    local files
    mapfile -t files < <(compgen -f -- "${'$'}{current#"$cut"}")
    COMPREPLY+=("${'$'}{files[@]}")
  fi
}
complete -F @FUNCTION@ @PROGRAM@
`;

const ZSH = String.raw`#compdef @PROGRAM@
# zsh completion for @PROGRAM@
@FUNCTION@() {
  local line value directive=4
  local -a plain open
  while IFS= read -r line; do
    if [[ $line == :* ]]; then directive=${'$'}{line#:}; continue; fi
    value=${'$'}{${'$'}{line%%${'$'}'\t'*}//:/\\:}
    if [[ $line == *${'$'}'\t'?* ]]; then value+=":${'$'}{line#*${'$'}'\t'}"; fi
    if (( directive & 2 )); then open+=("$value"); else plain+=("$value"); fi
  done < <("${'$'}{words[1]}" __complete "${'$'}{(@)words[2,CURRENT]}" 2>/dev/null | { local -a all; all=("${'$'}{(@f)$(cat)}"); print -rl -- "${'$'}{all[-1]}" "${'$'}{(@)all[1,-2]}" })
  (( ${'$'}#plain )) && _describe -V completions plain
  (( ${'$'}#open )) && _describe -V completions open -S ''
  (( directive & 4 )) || _files
}
if [ "${'$'}{funcstack[1]}" = "@FUNCTION@" ]; then @FUNCTION@ "$@"; else compdef @FUNCTION@ @PROGRAM@; fi
`;

const FISH = String.raw`# fish completion for @PROGRAM@
function @FUNCTION@
    set -l words (commandline -opc) (commandline -ct)
    set -l answer ($words[1] __complete $words[2..-1] 2>/dev/null)
    set -l directive 4
    for line in $answer
        if string match -q ':*' -- $line
            set directive (string sub -s 2 -- $line)
        else
            printf '%s\n' $line
        end
    end
    if test (math "bitand($directive, 4)") -eq 0
        __fish_complete_path (commandline -ct)
    end
end
complete -c @PROGRAM@ -f -a '(@FUNCTION@)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
