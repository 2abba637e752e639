# Asks `chainr complete` which words may come next; `:files` stands for any file.
_chainr() {
  local line current written=${COMP_LINE:0:COMP_POINT}
  local -a words
  COMPREPLY=()
  # Bash takes words apart at ":" and "=" too, and wants only what comes behind the last of them.
  read -ra words <<<"$written"
  [[ $written == *[[:space:]] ]] && words+=('')
  current=${words[-1]}
  current=${current%"${current##*[:=]}"}
  while IFS= read -r line; do
    line=${line%%$'\t'*}
    if [[ $line == :files ]]; then compopt -o default; else COMPREPLY+=("${line#"$current"}"); fi
  done < <(chainr complete -- "${words[@]:1}" 2>/dev/null)
}
complete -F _chainr chainr
