/**
 * What `sotto completion SHELL` prints: per shell a short script that asks `sotto complete` what
 * may stand where the cursor is. It knows no command itself, so it never falls behind, and a
 * script that was saved long ago completes the commands of today.
 *
 *   sotto complete -- WORD... CURRENT   ->   value TAB description, one per line;
 *                                            `:files` where the shell completes file names
 *
 * Names come from other people: no script evaluates them, and each quotes what it inserts.
 * @module
 */
import type { Shell } from './shell-commands.ts';

export function script(shell: Shell): string {
  return SCRIPTS[shell];
}

const BASH = String.raw`# sotto: completion for bash
_sotto() {
  local value about current=$2 quoted
  COMPREPLY=()
  while IFS=$'\t' read -r value about; do
    case $value in
      :files) compopt -o default; return ;;
    esac
    case $current in
      # Inside quotes of one's own a value is safe as it stands, or not offered.
      [\"\']*) [[ $value =~ ^[[:alnum:]\ ._@:/-]*$ ]] && COMPREPLY+=("$value") ;;
      *) printf -v quoted %q "$value"; COMPREPLY+=("$quoted") ;;
    esac
  done < <("$1" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _sotto sotto
`;

const ZSH = String.raw`#compdef sotto
# sotto: completion for zsh
_sotto() {
  local value about
  local -a values shown
  while IFS=$'\t' read -r value about; do
    case $value in
      (:files) _files; return ;;
    esac
    values+=("$value")
    shown+=("$value\${about:+  -- $about}")
  done < <("\${words[1]}" complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  compadd -l -M 'm:{[:lower:]}={[:upper:]}' -d shown -a values
}
compdef _sotto sotto
`;

const FISH = String.raw`# sotto: completion for fish
function __sotto_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in ($words[1] complete -- $words[2..-1] 2>/dev/null)
    if test "$line" = :files
      __fish_complete_path (commandline -ct)
    else
      printf '%s\n' $line
    end
  end
end
complete -c sotto -f -a '(__sotto_complete)'
`;

const PWSH = String.raw`# sotto: completion for PowerShell
Register-ArgumentCompleter -Native -CommandName sotto -ScriptBlock {
  param($current, $ast, $position)
  $words = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  # An empty word would get lost on the way.
  if ($current -eq '') { $words += ' ' }
  & $ast.CommandElements[0].ToString() complete -- @words 2>$null | ForEach-Object {
    $value, $about = $_ -split [char]9, 2
    if ($value -eq ':files') { return }
    if (-not $about) { $about = $value }
    $text = $value
    if ($value -notmatch '^[\w@.:/-]+$') { $text = "'" + $value.Replace("'", "''") + "'" }
    [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $about)
  }
}
`;

/** A dollar before a brace would end the literal above. */
function plain(text: string): string {
  return text.replaceAll('\\${', '${');
}

const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: plain(BASH),
  zsh: plain(ZSH),
  fish: plain(FISH),
  pwsh: plain(PWSH),
};
