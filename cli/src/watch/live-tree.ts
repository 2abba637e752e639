import type { Client } from '@chainr/core/api/client/client';
import type { Run } from '@chainr/core/api/contract/run-resource';
import { clipText } from '../views/clip-text.js';
import { readLevels, type Levels } from './dependency-levels.js';
import { listAllJobs } from '../server/list-all-jobs.js';
import { LiveJobs } from './live-jobs.js';
import { LiveScreen } from './live-screen.js';
import { printVerdict } from '../views/print-verdict.js';
import { readTimeline } from '../server/read-timeline.js';
import type { RunView } from './run-views.js';
import type { Screen, Terminal } from '../terminal/terminal.js';
import { treeHead } from './tree-head.js';
import { treeLines, type TreePaper } from './tree-lines.js';

/** Changes within this time are drawn together. */
const gatherMs = 100;
/** How often running times are updated. */
const tickMs = 1_000;

/** Larger runs do not fit on a screen, and their pipeline takes long to read. */
const mostWithLevels = 1_000;

/** The first state of a tree. It is read after the cursor from which the events come. */
interface Beginning {
  jobs: LiveJobs;
  levels: Levels;
  /** How far the clock of the server is ahead of ours. */
  aheadMs: number;
}

/** A view that draws the jobs of a run as a tree, and redraws it after each change. */
export async function liveTree(client: Client, run: Run, terminal: Terminal, screen: Screen): Promise<RunView> {
  const { uid } = run.metadata;
  const [timeline, jobs] = await Promise.all([readTimeline(client, uid), listAllJobs(client, run)]);
  const levels = jobs.length > mostWithLevels ? new Map<string, number>() : await readLevels(client, uid);
  const aheadMs = run.metadata.endedAt === undefined ? Date.parse(timeline.to) - Date.now() : 0;
  const tree = new LiveTree(run, { jobs: new LiveJobs(jobs, timeline), levels, aheadMs }, terminal, screen);
  client.onAway((why) => tree.onAway(why !== undefined));
  return tree;
}

class LiveTree implements RunView {
  readonly #beginning: Beginning;
  readonly #terminal: Terminal;
  readonly #screen: Screen;
  readonly #live: LiveScreen;
  #run: Run;
  #isAway = false;
  #stopListening: (() => void) | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #ticking: NodeJS.Timeout | undefined;

  constructor(run: Run, beginning: Beginning, terminal: Terminal, screen: Screen) {
    this.#run = run;
    this.#beginning = beginning;
    this.#terminal = terminal;
    this.#screen = screen;
    this.#live = new LiveScreen(terminal.stdout, screen);
  }

  onBegin(run: Run): void {
    this.#run = run;
    this.#stopListening = this.#screen.onResize(() => this.#change());
    this.#ticking = setInterval(() => this.#draw(), tickMs);
    this.#draw();
  }

  onEvent(...[event]: Parameters<RunView['onEvent']>): void {
    if ('job' in event) this.#beginning.jobs.onEvent(event);
    else if (event.kind === 'run.status') {
      const startedAt = this.#run.metadata.startedAt ?? event.time;
      this.#run = { ...this.#run, status: event.status, metadata: { ...this.#run.metadata, startedAt } };
    }
    this.#change();
  }

  onState(...[run, jobs]: Parameters<RunView['onState']>): void {
    this.#run = run;
    this.#beginning.jobs.onState(jobs, this.#now());
    this.#change();
  }

  /** While the server does not answer, the tree shows the last known state; the head says so. */
  onAway(isAway: boolean): void {
    this.#isAway = isAway;
    this.#change();
  }

  onEnd(run: Run): void {
    this.#run = run;
    this.#live.draw(this.#tree());
    this.close();
    printVerdict(run, this.#terminal);
  }

  close(): void {
    if (this.#ticking === undefined) return;
    clearInterval(this.#ticking);
    clearTimeout(this.#gathering);
    this.#ticking = undefined;
    this.#stopListening?.();
    this.#live.end();
  }

  #change(): void {
    this.#gathering ??= setTimeout(() => this.#draw(), gatherMs);
  }

  #draw(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const head = this.#isAway
      ? clipText('The server does not answer; trying again. Last known state:', this.#screen.columns - 1, '')
      : treeHead(this.#run, this.#beginning.jobs.all, this.#paper());
    this.#live.draw([head, ...this.#tree()]);
  }

  #tree(): string[] {
    const { jobs, levels } = this.#beginning;
    return treeLines(jobs.all, levels, this.#paper());
  }

  #paper(): TreePaper {
    const { columns, rows } = this.#screen;
    const { colors, unicode } = this.#terminal;
    // One line for the head, and one for the cursor.
    return { columns, rows: Math.max(1, rows - 2), unicode, colors, now: this.#now() };
  }

  #now(): number {
    return Date.now() + this.#beginning.aheadMs;
  }
}
