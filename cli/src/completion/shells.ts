import { readFileSync } from 'node:fs';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** The line that makes a shell complete `chainr` from its next start on. */
export const installLines: Readonly<Record<Shell, string>> = {
  bash: 'source <(chainr completion bash)     # in ~/.bashrc',
  zsh: 'source <(chainr completion zsh)      # in ~/.zshrc, after compinit',
  fish: 'chainr completion fish | source      # in ~/.config/fish/config.fish',
};

/** The script of a shell; it stands beside this file, also beside the compiled one's source. */
export function completionScript(shell: Shell): string {
  return readFileSync(new URL(`../../src/completion/chainr.${shell}`, import.meta.url), 'utf8');
}
