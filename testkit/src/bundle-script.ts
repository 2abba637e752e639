import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = path.join(root, 'node_modules', '.cache', 'chainr-bundles');
/** Marks the question of the plugin itself, lest it asks for ever. */
const asked = Symbol('asked');
const bundles = new Map<string, Promise<string>>();

/**
 * Makes one file of a script and the sources of chainr that it imports, as they are now. A process starts from it with a
 * third of the CPU time that it takes to load each source by itself: tests start hundreds of workers.
 * @param script a path from the root of the repository
 * @returns the path of the file, which is removed when this process ends
 */
export function bundleScript(script: string): Promise<string> {
  const known = bundles.get(script);
  if (known) return known;
  const outfile = path.join(folder, `${path.basename(script, '.ts')}-${randomUUID()}.mjs`);
  process.once('exit', () => rmSync(outfile, { force: true }));
  const made = bundle(path.join(root, script), outfile).then(() => outfile);
  bundles.set(script, made);
  return made;
}

async function bundle(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['chainr-source'],
    keepNames: true,
    sourcemap: 'inline',
    plugins: [
      {
        name: 'chainr',
        setup: (bundler) => {
          // Packages of others are loaded as they are, from where the importing source finds them.
          bundler.onResolve({ filter: /^[^./]/ }, async ({ path: name, resolveDir, kind, pluginData }) => {
            if (kind === 'entry-point' || name.startsWith('@chainr/') || isBuiltin(name) || pluginData === asked)
              return undefined;
            const { path: found } = await bundler.resolve(name, { resolveDir, kind, pluginData: asked });
            return { path: pathToFileURL(found).href, external: true };
          });
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
