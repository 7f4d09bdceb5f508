/**
 * What may differ between two clusters that behave alike, each with the word that stands for it afterwards: times and
 * ages, uids and versions, generated names, addresses and ports, node names, temporary files.
 */
const MAY_DIFFER: readonly [RegExp, string][] = [
  // Progress lines tell how fast it went; the closing line tells how it ended.
  [
    /^(Waiting for (deployment|daemon set|.* pods to be ready|partitioned roll out)|waiting for statefulset).*\n/gm,
    '',
  ],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\b/g, 'TIME'],
  [/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, 'TIME'],
  [/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} +\d+ \d\d:\d\d:\d\d UTC \d{4}/g, 'TIME'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'UID'],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9} \+0000/g, 'TIME'],
  // Container, image, exec and certificate ids.
  [/(?<![0-9a-f])[0-9a-f]{64}\b/g, 'HASH'],
  // On the recorded cluster all tags of nginx were one image, which the runtime calls by the first of them.
  [/(?<=image: docker\.io\/library\/nginx:)1\.\d+/g, 'TAG'],
  [/resourceVersion: "\d+"/g, 'resourceVersion: "N"'],
  [/\bdefault-token-\w+/g, 'TOKEN'],
  [/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-X'],
  [/-[bcdf-hj-np-tv-xz2456789]{8,10}-[bcdf-hj-np-tv-xz2456789]{5}\b/g, '-HASH-X'],
  [/(pod-template-hash[=:] ?"?)[a-z0-9]{8,10}/g, '$1HASH'],
  [/\b(web|api|agent|db)-[bcdf-hj-np-tv-xz2456789]{8,10}\b/g, '$1-HASH'],
  [/\b(hello|parallel|failing|manual|agent|gen|web|tick-\d+)-[bcdf-hj-np-tv-xz2456789]{5}\b/g, '$1-X'],
  [/\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b/g, 'IP'],
  [/\bip: [0-9a-f:]+::[0-9a-f]+/g, 'ip: IP'],
  [/\b3[0-2]\d{3}(?=\/|$|\n| )/gm, 'NODEPORT'],
  [/(nodePort: )\d+/g, '$1NODEPORT'],
  [/\bg1-control-plane\b|\b[a-z0-9-]+-control-plane\b/g, 'NODE'],
  [/https:\/\/(IP|localhost):\d+/g, 'SERVER'],
  [/\/tmp\/[A-Za-z]+-\d+\/|\/tmp\/kubectl-[\w-]+/g, '/tmp/X/'],
  [/\b\d+(\.\d+)?(ms|µs)\b/g, 'DURATION'],
  [/\bin \d+(\.\d+)?s \(\d+(\.\d+)?(s|ms) including waiting\)/g, 'in DURATION'],
  [/\(x\d+ over [\dhms]+\)/g, '(xN over AGE)'],
  [/\b(\d+d)?(\d+h)?(\d+m)?(\d+s)\b|\b\d+[dhm]\b/g, 'AGE'],
  [/\(AGE ago\)/g, '(AGE ago)'],
  // Column widths follow from what was replaced.
  [/[ \t]{2,}/g, '  '],
  [/[ \t]+$/gm, ''],
];

/** The text with everything replaced that may differ between two clusters. */
export function normalize(text: string): string {
  return MAY_DIFFER.reduce((current, [pattern, word]) => current.replace(pattern, word), text);
}
