# Asks `chainr complete` which words may come next; `:files` stands for any file.
function __chainr_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  for line in (chainr complete -- $words[2..-1] "$current" 2>/dev/null)
    if test "$line" = :files
      __fish_complete_path "$current"
    else
      echo $line
    end
  end
end
complete -c chainr -f -a '(__chainr_complete)'
