#compdef chainr
# Asks `chainr complete` which words may come next; `:files` stands for any file.
_chainr() {
  local line files
  local -a found
  while IFS= read -r line; do
    if [[ $line == :files ]]; then files=1; else found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}"); fi
  done < <(chainr complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
  if [[ -n $files ]]; then _files; else _describe chainr found; fi
}
compdef _chainr chainr
