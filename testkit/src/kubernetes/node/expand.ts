/**
 * Replaces `$(NAME)` as the kubelet does: `$$` is a dollar sign, and a name that has no value stays as it is written.
 * https://github.com/kubernetes/kubernetes, `third_party/forked/golang/expansion/expand.go`.
 */
export function expand(text: string, valueOf: (name: string) => string | undefined): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, rest: string, name: string | undefined) => {
    if (rest === '$') return '$';
    return valueOf(name ?? '') ?? whole;
  });
}
