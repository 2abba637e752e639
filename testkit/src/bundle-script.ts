import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = path.join(root, 'node_modules', '.cache', 'chainr-bundles');
const bundles = new Map<string, Promise<string>>();

/**
 * Makes one file of a script and all that it imports, as they are now, and one of each part that is imported only if it
 * is needed. A process starts from it with a fifth of the CPU time that it takes to load each source by itself: tests
 * start hundreds of workers.
 * @param script a path from the root of the repository
 * @returns the path of the file, which is removed when this process ends
 */
export function bundleScript(script: string): Promise<string> {
  const known = bundles.get(script);
  if (known) return known;
  const folder = path.join(cache, randomUUID());
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const made = bundle(path.join(root, script), folder).then(() =>
    path.join(folder, `${path.basename(script, '.ts')}.mjs`),
  );
  bundles.set(script, made);
  return made;
}

async function bundle(entry: string, outdir: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['chainr-source'],
    keepNames: true,
    // Dockerode reads files beside its sources. Packages try to load compiled parts, and do without them.
    external: ['dockerode', '*.node'],
    // CommonJS packages use it for what is no part of the bundle, such as modules of Node.
    banner: {
      js: `import { createRequire as createBundleRequire } from 'node:module';\nconst require = createBundleRequire(import.meta.url);`,
    },
    plugins: [
      {
        name: 'chainr',
        setup: (bundler) => {
          // What a source finds beside itself, such as Lua, it goes on to find there.
          bundler.onLoad({ filter: /\.ts$/ }, async ({ path: source }) => {
            const text = await readFile(source, 'utf8');
            return {
              contents: text.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(source).href)),
              loader: 'ts',
            };
          });
        },
      },
    ],
  });
}
