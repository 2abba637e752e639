# Asks `chainr complete` which words may come next; `:files` stands for any file.
_chainr() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then compopt -o default; else COMPREPLY+=("${line%%$'\t'*}"); fi
  done < <(chainr complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _chainr chainr
