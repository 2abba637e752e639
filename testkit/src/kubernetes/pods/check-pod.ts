import { parseQuantity } from '../node/quantities.js';
import { invalid } from '../api/status.js';
import type { Container, Pod } from '../objects.js';
import { Mistakes } from './mistakes.js';
import { checkLabelName, checkMetadata } from './name-rules.js';

const maxSeconds = 2_147_483_647;

/**
 * Checks what pods of an executor can get wrong, of the many rules of `pkg/apis/core/validation/validation.go`.
 *
 * @throws ApiError 422
 */
export function checkPod(pod: Pod): void {
  const mistakes = new Mistakes();
  const { metadata, spec } = pod;
  checkMetadata(mistakes, metadata);
  const volumes = new Set<string>();
  for (const [index, { name }] of (spec.volumes ?? []).entries()) {
    const field = `spec.volumes[${index}].name`;
    checkLabelName(mistakes, field, name);
    if (volumes.has(name)) mistakes.duplicate(field, name);
    volumes.add(name);
  }
  const names = new Set<string>();
  if (spec.containers.length === 0) mistakes.required('spec.containers');
  for (const [index, container] of spec.containers.entries())
    checkContainer(mistakes, `spec.containers[${index}]`, container, names, volumes);
  for (const [index, container] of (spec.initContainers ?? []).entries())
    checkContainer(mistakes, `spec.initContainers[${index}]`, container, names, volumes);
  const policies = ['Always', 'OnFailure', 'Never'];
  const { restartPolicy = '', activeDeadlineSeconds: deadline } = spec;
  if (!policies.includes(restartPolicy)) mistakes.notSupported('spec.restartPolicy', restartPolicy, policies);
  if (deadline !== undefined && (deadline < 1 || deadline > maxSeconds)) {
    mistakes.invalid('spec.activeDeadlineSeconds', deadline, `must be between 1 and ${maxSeconds}, inclusive`);
  }
  if (mistakes.found.length > 0) throw invalid('Pod', '', metadata.name, mistakes.found);
}

function checkContainer(
  mistakes: Mistakes,
  field: string,
  {
    name,
    image,
    env,
    volumeMounts,
    resources,
    terminationMessagePolicy = 'File',
    imagePullPolicy = 'Always',
  }: Container,
  names: Set<string>,
  volumes: ReadonlySet<string>,
): void {
  if (name === '') mistakes.required(`${field}.name`);
  else checkLabelName(mistakes, `${field}.name`, name);
  if (names.has(name)) mistakes.duplicate(`${field}.name`, name);
  names.add(name);
  if (image === '') mistakes.required(`${field}.image`);
  const pulls = ['Always', 'IfNotPresent', 'Never'];
  if (!pulls.includes(imagePullPolicy)) mistakes.notSupported(`${field}.imagePullPolicy`, imagePullPolicy, pulls);
  for (const [index, variable] of (env ?? []).entries()) {
    const at = `${field}.env[${index}].name`;
    const why = "a valid environment variable name must consist only of printable ASCII characters other than '='";
    if (variable.name === '') mistakes.required(at);
    else if (!/^[ -<>-~]+$/.test(variable.name)) mistakes.invalid(at, variable.name, why);
  }
  const places = new Set<string>();
  for (const [index, mount] of (volumeMounts ?? []).entries()) {
    const at = `${field}.volumeMounts[${index}]`;
    if (!volumes.has(mount.name)) mistakes.notFound(`${at}.name`, mount.name);
    if (mount.mountPath === '') mistakes.required(`${at}.mountPath`);
    if (places.has(mount.mountPath)) mistakes.invalid(`${at}.mountPath`, mount.mountPath, 'must be unique');
    places.add(mount.mountPath);
  }
  const messages = ['FallbackToLogsOnError', 'File'];
  if (!messages.includes(terminationMessagePolicy)) {
    mistakes.notSupported(`${field}.terminationMessagePolicy`, terminationMessagePolicy, messages);
  }
  for (const [kind, limit] of Object.entries(resources?.limits ?? {})) {
    const request = resources?.requests?.[kind];
    if (request === undefined || parseQuantity(request) <= parseQuantity(limit)) continue;
    mistakes.invalid(
      `${field}.resources.requests`,
      String(request),
      `must be less than or equal to ${kind} limit of ${limit}`,
    );
  }
}
