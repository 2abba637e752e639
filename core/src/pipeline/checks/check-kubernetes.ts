import { pipelineLimits } from '../limits.js';
import { quote, type MistakeList, type Path } from '../mistakes.js';
import { isPlainMap } from '../plain-values.js';

/** The rules between the fields of `kubernetes`, and its size. Its form is checked by its schema. */
export function checkKubernetes(settings: unknown, path: Path, mistakes: MistakeList): void {
  if (!isPlainMap(settings)) return;
  const bytes = new TextEncoder().encode(JSON.stringify(settings)).length;
  if (bytes > pipelineLimits.kubernetesBytes) {
    const most = String(pipelineLimits.kubernetesBytes);
    mistakes.add(path, `has ${String(bytes)} bytes as JSON, but at most ${most} are allowed`);
  }
  for (const [index, toleration] of listIn(settings.tolerations)) {
    const mistake = isPlainMap(toleration) ? mistakeIn(toleration) : undefined;
    if (mistake !== undefined) mistakes.add([...path, 'tolerations', index], mistake);
  }
  const names = new Set<string>();
  for (const [index, volume] of listIn(settings.volumes)) {
    const name = isPlainMap(volume) ? volume.name : undefined;
    if (typeof name !== 'string') continue;
    if (names.has(name)) mistakes.add([...path, 'volumes', index, 'name'], `${quote(name)} is named twice`);
    names.add(name);
  }
}

const listIn = (value: unknown): Iterable<[number, unknown]> =>
  Array.isArray(value) ? (value as unknown[]).entries() : [];

/** What the API server would refuse of a toleration (`ValidateTolerations` of Kubernetes). */
function mistakeIn({ key, operator = 'Equal', value, effect, tolerationSeconds }: Record<string, unknown>) {
  if (key === undefined && operator !== 'Exists') {
    return 'has no "key"; write operator: Exists to tolerate every taint, or name the key';
  }
  if (operator === 'Exists' && value !== undefined && value !== '') {
    return 'has a "value", which operator: Exists does not compare; remove one of the two';
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    return 'has "tolerationSeconds", which only effect: NoExecute may have';
  }
  return undefined;
}
