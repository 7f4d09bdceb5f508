import type { Pod } from '../api/core-v1.generated.js';
import { file } from '../containers/file-tree.js';
import type { ContainerMount } from '../containers/runtime.js';

/** The address of the cluster's DNS Service, as kubeadm places it. */
const CLUSTER_DNS = '10.96.0.10';

/** The files that a kubelet mounts into every container. https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/ */
export function systemFiles(pod: Pod, hostname: string, podIp: string, nowMs: number): ContainerMount[] {
  const shown = (path: string, content: string): ContainerMount => ({
    path,
    node: file(content, nowMs),
    readOnly: false,
  });
  return [
    shown('/etc/hostname', `${hostname}\n`),
    shown('/etc/hosts', hosts(pod, hostname, podIp)),
    shown('/etc/resolv.conf', resolvConf(pod)),
  ];
}

function hosts(pod: Pod, hostname: string, podIp: string): string {
  const { subdomain, hostAliases = [] } = pod.spec ?? {};
  const qualified = subdomain ? `${hostname}.${subdomain}.${pod.metadata.namespace}.svc.cluster.local\t` : '';
  const aliases = hostAliases.map((alias) => `${alias.ip}\t${(alias.hostnames ?? []).join('\t')}\n`);
  return [
    '# Kubernetes-managed hosts file.\n',
    '127.0.0.1\tlocalhost\n',
    '::1\tlocalhost ip6-localhost ip6-loopback\n',
    'fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n',
    `${podIp}\t${qualified}${hostname}\n`,
    aliases.length > 0 ? `\n# Entries added by HostAliases.\n${aliases.join('')}` : '',
  ].join('');
}

function resolvConf(pod: Pod): string {
  const { dnsPolicy = 'ClusterFirst', dnsConfig, hostNetwork } = pod.spec ?? {};
  const fromCluster =
    dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && !hostNetwork);
  const { namespace } = pod.metadata;
  const searches = [
    ...(fromCluster ? [`${namespace}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local'] : []),
    ...(dnsConfig?.searches ?? []),
  ];
  const fallback = dnsPolicy === 'None' ? [] : ['172.18.0.1'];
  const servers = [...(fromCluster ? [CLUSTER_DNS] : fallback), ...(dnsConfig?.nameservers ?? [])];
  const options = (dnsConfig?.options ?? []).map(({ name, value }) =>
    value === undefined ? name : `${name}:${value}`,
  );
  if (fromCluster && !options.some((option) => option?.startsWith('ndots'))) options.push('ndots:5');
  return [
    searches.length > 0 ? `search ${searches.join(' ')}\n` : '',
    ...servers.map((server) => `nameserver ${server}\n`),
    options.length > 0 ? `options ${options.join(' ')}\n` : '',
  ].join('');
}
