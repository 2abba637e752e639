import { readFile } from 'node:fs/promises';

/** The resident memory of a process, in MB of 1,048,576 bytes. Linux only, like everything here. */
export async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

/** Linux counts the time of processes in hundredths of a second (USER_HZ) on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** The CPU time of a process with all its threads so far, in seconds of user and system time. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // Behind the name, which may contain spaces: state is field 3, utime and stime are 14 and 15 (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
