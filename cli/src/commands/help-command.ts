import { Command } from 'commander';
import { suggestion } from '@chainr/core/pipeline/did-you-mean';

/** `chainr help get runs` prints the same as `chainr get runs --help`. */
export function helpCommand(program: () => Command): Command {
  return new Command('help')
    .description('show the help of a command')
    .argument('[command...]', 'a command, such as get runs')
    .action((names: string[]) => {
      let shown = program();
      for (const name of names) {
        const known = shown.createHelp().visibleCommands(shown);
        const inner = known.find((command) => command.name() === name);
        if (!inner) {
          const near = suggestion(
            name,
            known.map((command) => command.name()),
          );
          return program().error(`error: unknown command ${JSON.stringify(name)}${near}`);
        }
        shown = inner;
      }
      shown.outputHelp();
    });
}
