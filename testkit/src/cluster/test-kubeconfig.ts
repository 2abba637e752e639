/**
 * The path of the kubeconfig of the cluster for tests, from KUBECONFIG. Without it there is none: a test never takes the
 * cluster that `~/.kube/config` names.
 */
export function testKubeconfig(): string {
  const file = process.env['KUBECONFIG'];
  if (file) return file;
  throw new Error('KUBECONFIG must name the kubeconfig file of a cluster for tests.');
}
