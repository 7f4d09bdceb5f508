import { isIP } from 'node:net';
import type {
  Ingress,
  IngressBackend,
  IngressClass,
  IngressRule,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from '../api/networking-v1.generated.js';
import {
  dns1123SubdomainProblems,
  portNameProblems,
  portNumberProblems,
  wildcardDnsProblems,
} from '../machinery/names.js';
import { portNumberOrName } from './containers.js';
import { validateSelector } from './labels.js';
import { forbidden, invalid, type Problems, required } from './problems.js';
import { checked, immutable, type Loose, oneOf, rulesFor } from './rules.js';

/** As the API server lists them: sorted. */
const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

/** https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/ and …/service-resources/ */
export const NETWORKING_RULES = {
  'ingresses.networking.k8s.io': rulesFor<Ingress>({ validate: validateIngress }),
  'ingressclasses.networking.k8s.io': rulesFor<IngressClass>({
    *validate({ spec }) {
      if (!spec?.controller) yield required('spec.controller');
      else if (!/^[^/]+\/.+$/.test(spec.controller))
        yield invalid(
          'spec.controller',
          spec.controller,
          'must be a domain-prefixed path (such as "acme.io/foo")',
        );
    },
    *validateUpdate({ spec }, before) {
      yield* immutable('spec.controller', spec?.controller, before.spec?.controller);
    },
  }),
  'networkpolicies.networking.k8s.io': rulesFor<NetworkPolicy>({ validate: validateNetworkPolicy }),
};

function* validateIngress({ spec = {} }: Loose<Ingress>): Problems {
  const rules = spec.rules ?? [];
  if (rules.length === 0 && !spec.defaultBackend)
    yield invalid('spec', {}, 'either `defaultBackend` or `rules` must be specified');
  if (spec.defaultBackend) yield* validateBackend('spec.defaultBackend', spec.defaultBackend);
  for (const [index, rule] of rules.entries()) yield* validateRule(`spec.rules[${index}]`, rule);
  for (const [index, { hosts = [] }] of (spec.tls ?? []).entries())
    for (const [at, host] of hosts.entries()) yield* validateHost(`spec.tls[${index}].hosts[${at}]`, host);
  if (spec.ingressClassName !== undefined)
    yield* checked('spec.ingressClassName', spec.ingressClassName, dns1123SubdomainProblems);
}

function* validateHost(field: string, host: string): Problems {
  yield* checked(field, host, host.includes('*') ? wildcardDnsProblems : dns1123SubdomainProblems);
}

function* validateRule(path: string, { host, http }: Loose<IngressRule>): Problems {
  if (host) {
    if (isIP(host)) yield invalid(`${path}.host`, host, 'must be a DNS name, not an IP address');
    yield* validateHost(`${path}.host`, host);
  }
  if (!http) return;
  if ((http.paths ?? []).length === 0) yield required(`${path}.http.paths`);
  for (const [index, entry] of (http.paths ?? []).entries()) {
    const at = `${path}.http.paths[${index}]`;
    if (!entry.pathType) yield required(`${at}.pathType`, 'pathType must be specified');
    else {
      yield* validatePath(`${at}.path`, entry.path ?? '', entry.pathType);
      yield* oneOf(`${at}.pathType`, entry.pathType, PATH_TYPES);
    }
    yield* validateBackend(`${at}.backend`, entry.backend ?? {});
  }
}

function* validatePath(field: string, path: string, pathType: string): Problems {
  const optional = pathType === 'ImplementationSpecific' && path === '';
  if (!optional && !path.startsWith('/')) yield invalid(field, path, 'must be an absolute path');
  if (pathType === 'ImplementationSpecific') return;
  for (const sequence of ['//', '/./', '/../', '%2f', '%2F'])
    if (path.includes(sequence)) yield invalid(field, path, `must not contain '${sequence}'`);
}

function* validateBackend(path: string, backend: Loose<IngressBackend>): Problems {
  const { service, resource } = backend;
  if (service && resource) {
    yield invalid(path, '', 'cannot set both resource and service backends');
    return;
  }
  if (!service) {
    if (!resource) yield required(path, 'resource or service backend is required');
    return;
  }
  if (!service.name) yield required(`${path}.service.name`);
  else yield* checked(`${path}.service.name`, service.name, dns1123SubdomainProblems);
  const { name, number = 0 } = service.port ?? {};
  if (name && number !== 0)
    yield invalid(`${path}.service.port.number`, number, 'cannot set both port name & port number');
  else if (name) yield* checked(`${path}.service.port.name`, name, portNameProblems);
  else if (number === 0) yield required(`${path}.service.port.number`, 'port name or number is required');
  else
    for (const problem of portNumberProblems(number))
      yield invalid(`${path}.service.port.number`, number, problem);
}

function* validateNetworkPolicy({ spec = {} }: Loose<NetworkPolicy>): Problems {
  yield* validateSelector('spec.podSelector', spec.podSelector);
  for (const [index, rule] of (spec.ingress ?? []).entries()) {
    yield* validatePolicyPorts(`spec.ingress[${index}].ports`, rule.ports ?? []);
    yield* validatePeers(`spec.ingress[${index}].from`, rule.from ?? []);
  }
  for (const [index, rule] of (spec.egress ?? []).entries()) {
    yield* validatePolicyPorts(`spec.egress[${index}].ports`, rule.ports ?? []);
    yield* validatePeers(`spec.egress[${index}].to`, rule.to ?? []);
  }
  const types = spec.policyTypes ?? [];
  if (types.length > 2) yield invalid('spec.policyTypes', types, 'may not specify more than two policyTypes');
  else
    for (const [index, type] of types.entries())
      yield* oneOf(`spec.policyTypes[${index}]`, type, ['Ingress', 'Egress']);
}

function* validatePolicyPorts(field: string, ports: Loose<NetworkPolicyPort>[]): Problems {
  for (const [index, { protocol, port, endPort }] of ports.entries()) {
    const path = `${field}[${index}]`;
    yield* oneOf(`${path}.protocol`, protocol, PROTOCOLS);
    if (port !== undefined) yield* portNumberOrName(`${path}.port`, port);
    if (endPort === undefined) continue;
    if (port === undefined) yield required(`${path}.port`, 'must be specified when `endPort` is specified');
    else if (typeof port === 'string')
      yield invalid(`${path}.endPort`, endPort, '`endPort` can be specified only when `port` is numeric');
    else if (endPort < port)
      yield invalid(`${path}.endPort`, endPort, 'must be greater than or equal to `port`');
  }
}

function* validatePeers(field: string, peers: Loose<NetworkPolicyPeer>[]): Problems {
  for (const [index, { podSelector, namespaceSelector, ipBlock }] of peers.entries()) {
    const path = `${field}[${index}]`;
    if (!podSelector && !namespaceSelector && !ipBlock) yield required(path, 'must specify a peer');
    yield* validateSelector(`${path}.podSelector`, podSelector);
    yield* validateSelector(`${path}.namespaceSelector`, namespaceSelector);
    if (!ipBlock) continue;
    if (podSelector || namespaceSelector)
      yield forbidden(path, 'may not specify both ipBlock and another peer');
    if (!ipBlock.cidr) yield required(`${path}.ipBlock.cidr`);
    else if (!isCidr(ipBlock.cidr))
      yield invalid(
        `${path}.ipBlock.cidr`,
        ipBlock.cidr,
        'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      );
  }
}

function isCidr(text: string): boolean {
  const [address = '', prefix = ''] = text.split('/');
  const bits = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : -1;
  return /^\d+$/.test(prefix) && Number(prefix) <= bits;
}
