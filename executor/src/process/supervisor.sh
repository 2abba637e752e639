# Starts attempts of the process executor and records how they end. docs/adr/0002 has the reasons and the figures.
#
# Node runs this once per worker, as `sh supervisor.sh SETSID` in the folder of all attempts, and writes one line per
# attempt to its stdin: TOLERATED PLAN FOLDER. TOLERATED has one digit per step: 1 if its failure does not end the
# attempt. The steps are the files FOLDER/PLAN.<n>.sh. When the worker dies, stdin ends and so does the reading; the
# supervisors that it has begun are nobody's children by then and go on.
#
# Files of an attempt, in the order in which they appear (an identity is "pid, start time, boot id"):
#   claim.<pid>  the identity of one that wants to supervise; whole before it tries to take `started`
#   started      created exclusively: who creates it supervises the attempt, or has put a tombstone there
#   <n>.group    the identity of the leader of the session in which step n is going to run (written by the step)
#   <n>.started  created exclusively, by the step before any code of the user, or as a tombstone by whoever found the
#                supervisor dead: so either the user's code never runs or its session is on record
#   <n>.config   what of the step cannot be started as it is written
#   <n>.output   what CHAINR_OUTPUT names; the step makes it if it has anything to say
#   <n>.exit     the step's exit code, once nothing of its process group is left
#   exit         "ended" and the codes of all steps, or "stopped" in place of a step that was not begun any more
# A record is whole when it ends with a newline; it is written by one write(2), so no rename (a process more) is needed.

# Runs in a process of its own. Arguments: TOLERATED PLAN FOLDER MIDDLE
supervise() {
  tolerated=$1 plan=$2 folder=$3 middle=$4
  read -r stat < /proc/self/stat || exit 1
  pid=${stat%% *}
  set -- ${stat##*) }
  # Field 4 of stat is the parent: the process in the middle is ended, which orphans this one.
  if [ "$2" = "$middle" ]; then kill -KILL "$middle"; fi
  identity="$pid ${20} $boot"

  cd "$folder" || exit 1
  printf '%s\n' "$identity" > "claim.$pid" || exit 1
  set -C
  printf '%s\n' "$identity $tolerated" > started || exit 0

  number=0 codes=
  while [ -n "$tolerated" ]; do
    if [ -e stop ]; then
      codes="$codes stopped"
      break
    fi
    # In the foreground, since a shell without a terminal makes its background jobs ignore SIGINT and SIGQUIT.
    "$setsid" /bin/sh "./$plan.$number.sh" "$boot" < /dev/null >> "$number.out" 2>> "$number.err"
    code=$?
    if read -r leader _ < "$number.group"; then kill -KILL "-$leader"; fi
    printf '%s\n' "$code" > "$number.exit" || exit 1
    codes="$codes $code"
    if [ -e "$number.config" ]; then break; fi
    case $tolerated in
      0*) if [ "$code" -ne 0 ]; then break; fi ;;
    esac
    tolerated=${tolerated#?}
    number=$((number + 1))
  done
  printf '%s\n' "ended$codes" > exit
}

# A function, so that the shell has read all of this file before it begins and an upgrade cannot change it under way.
main() {
  setsid=$1
  read -r boot < /proc/sys/kernel/random/boot_id || exit 1
  while read -r tolerated plan folder; do
    # Two processes, the first of which the second one ends: this shell gets its child back at once and the supervisor
    # is an orphan. `&` would do the same but for SIGINT and SIGQUIT, which it has ignored in all that follows, for good.
    (
      read -r stat < /proc/self/stat
      (supervise "$tolerated" "$plan" "$folder" "${stat%% *}" < /dev/null)
      :
    )
  done
}
main "$@"
exit
