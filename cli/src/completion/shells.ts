import { readFileSync } from 'node:fs';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** The line for the start-up file of each shell. */
export const installLines: Readonly<Record<Shell, string>> = {
  bash: 'source <(chainr completion bash)     # in ~/.bashrc',
  zsh: 'source <(chainr completion zsh)      # in ~/.zshrc, after compinit',
  fish: 'chainr completion fish | source      # in ~/.config/fish/config.fish',
};

/** The completion script of a shell. It is in the source folder, for the compiled command too. */
export function completionScript(shell: Shell): string {
  return readFileSync(new URL(`../../src/completion/chainr.${shell}`, import.meta.url), 'utf8');
}
