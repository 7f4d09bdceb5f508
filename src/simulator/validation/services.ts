import { isIP } from 'node:net';
import type { Endpoints, Service, ServicePort, ServiceSpec } from '../api/core-v1.generated.js';
import type { EndpointSlice } from '../api/discovery-v1.generated.js';
import {
  dns1035LabelProblems,
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  portNumberProblems,
} from '../machinery/names.js';
import { portNumberOrName } from './containers.js';
import { validateLabels } from './labels.js';
import { duplicate, forbidden, invalid, type Problems, required, Shown } from './problems.js';
import {
  checked,
  immutable,
  ipAddress,
  type Loose,
  oneOf,
  requiredAnd,
  requiredOneOf,
  rulesFor,
} from './rules.js';

/** As the API server lists them: sorted. */
const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const TRAFFIC_POLICIES = ['Cluster', 'Local'];

/** Where kubelets listen, which a load balancer must not expose. */
const KUBELET_PORT = 10250;

/** A day. */
const MAX_AFFINITY_SECONDS = 86_400;

/** https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ */
export const SERVICE_RULES = {
  services: rulesFor<Service>({
    nameProblems: dns1035LabelProblems,
    validate: ({ spec }) => validateService(spec ?? {}),
    *validateUpdate({ spec = {} }, { spec: before = {} }) {
      yield* validateClusterIpUpdate(spec, before);
      yield* validateService(spec);
    },
  }),
  endpoints: rulesFor<Endpoints>({
    *validate({ subsets }) {
      for (const [index, subset] of (subsets ?? []).entries()) {
        const path = `subsets[${index}]`;
        if ((subset.addresses ?? []).length + (subset.notReadyAddresses ?? []).length === 0)
          yield required(path, 'must specify `addresses` or `notReadyAddresses`');
        for (const [at, { ip }] of (subset.addresses ?? []).entries())
          yield* ipAddress(`${path}.addresses[${at}].ip`, ip ?? '');
        for (const [at, port] of (subset.ports ?? []).entries())
          yield* portNumber(`${path}.ports[${at}].port`, port.port ?? 0);
      }
    },
  }),
  'endpointslices.discovery.k8s.io': rulesFor<EndpointSlice>({
    *validate(slice) {
      yield* requiredOneOf('addressType', slice.addressType, ['IPv4', 'IPv6', 'FQDN']);
      for (const [index, endpoint] of (slice.endpoints ?? []).entries())
        if ((endpoint.addresses ?? []).length === 0)
          yield required(`endpoints[${index}].addresses`, 'must contain at least 1 address');
    },
    *validateUpdate(after, before) {
      yield* immutable('addressType', after.addressType, before.addressType);
    },
  }),
};

function* portNumber(field: string, value: number): Problems {
  for (const problem of portNumberProblems(value)) yield invalid(field, value, problem);
}

function* validateService(spec: Loose<ServiceSpec>): Problems {
  const headless = spec.clusterIP === 'None';
  const ports = spec.ports ?? [];
  if (ports.length === 0 && !headless && spec.type !== 'ExternalName') yield required('spec.ports');
  yield* validateType(spec);
  yield* validatePorts(ports);
  yield* validateLabels('spec.selector', spec.selector);
  yield* validateAffinity(spec);
  if (spec.clusterIP && !headless && isIP(spec.clusterIP) === 0)
    yield invalid(
      'spec.clusterIPs[0]',
      spec.clusterIP,
      'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    );
  for (const [index, address] of (spec.externalIPs ?? []).entries())
    yield* ipAddress(`spec.externalIPs[${index}]`, address);
  yield* requiredOneOf('spec.type', spec.type, TYPES);
  if (spec.type === 'ClusterIP')
    for (const [index, port] of ports.entries())
      if (port.nodePort)
        yield forbidden(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'");
  yield* validateUniquePorts(ports);
  yield* validateTrafficPolicies(spec);
}

function* validateType(spec: Loose<ServiceSpec>): Problems {
  const headless = spec.clusterIP === 'None';
  if (spec.type === 'LoadBalancer')
    for (const [index, { port }] of (spec.ports ?? []).entries())
      if (port === KUBELET_PORT)
        yield invalid(
          `spec.ports[${index}]`,
          port,
          `may not expose port ${KUBELET_PORT} externally since it is used by kubelet`,
        );
  if (headless && (spec.type === 'LoadBalancer' || spec.type === 'NodePort'))
    yield invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`);
  if (spec.type !== 'ExternalName') return;
  if (spec.clusterIP) yield forbidden('spec.clusterIPs', 'may not be set for ExternalName services');
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  yield* requiredAnd('spec.externalName', name, dns1123SubdomainProblems);
}

function* validatePorts(ports: Loose<ServicePort>[]): Problems {
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const path = `spec.ports[${index}]`;
    if (port.name) {
      yield* checked(`${path}.name`, port.name, dns1123LabelProblems);
      if (names.has(port.name)) yield duplicate(`${path}.name`, port.name);
      names.add(port.name);
    } else if (ports.length > 1) {
      yield required(`${path}.name`);
    }
    yield* portNumber(`${path}.port`, port.port ?? 0);
    yield* requiredOneOf(`${path}.protocol`, port.protocol, PROTOCOLS);
    yield* portNumberOrName(`${path}.targetPort`, port.targetPort);
  }
}

function* validateUniquePorts(ports: Loose<ServicePort>[]): Problems {
  const nodePorts = new Set<string>();
  const seen = new Set<string>();
  for (const [index, { protocol, nodePort, port }] of ports.entries()) {
    if (nodePort) {
      const key = `${protocol}/${nodePort}`;
      if (nodePorts.has(key)) yield duplicate(`spec.ports[${index}].nodePort`, nodePort);
      nodePorts.add(key);
    }
    const key = `${protocol}/${port}`;
    if (seen.has(key))
      yield duplicate(
        `spec.ports[${index}]`,
        new Shown(
          `{"Name":"","Protocol":"${protocol}","AppProtocol":null,"Port":${port},"TargetPort":0,"NodePort":0}`,
        ),
      );
    seen.add(key);
  }
}

function* validateAffinity(spec: Loose<ServiceSpec>): Problems {
  yield* requiredOneOf('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']);
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (spec.sessionAffinity === 'ClientIP' && seconds !== undefined)
    if (seconds <= 0 || seconds > MAX_AFFINITY_SECONDS)
      yield invalid(
        'spec.sessionAffinityConfig.clientIP.timeoutSeconds',
        seconds,
        `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`,
      );
}

function* validateTrafficPolicies(spec: Loose<ServiceSpec>): Problems {
  const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  const policy = spec.externalTrafficPolicy;
  if (policy !== undefined && !external && (spec.externalIPs ?? []).length === 0)
    yield invalid('spec.externalTrafficPolicy', policy, 'may only be set for externally-accessible services');
  yield* oneOf('spec.externalTrafficPolicy', policy, TRAFFIC_POLICIES);
  yield* oneOf('spec.internalTrafficPolicy', spec.internalTrafficPolicy, TRAFFIC_POLICIES);
}

/** An assigned address stays, unless the service was or becomes one without. */
function* validateClusterIpUpdate(after: Loose<ServiceSpec>, before: Loose<ServiceSpec>): Problems {
  if (after.type === 'ExternalName' || before.type === 'ExternalName' || !before.clusterIP) return;
  if (after.clusterIP === before.clusterIP) return;
  const addresses = after.clusterIP ? [after.clusterIP] : [];
  if (addresses.length === 0)
    yield invalid('spec.clusterIPs[0]', addresses, 'primary clusterIP can not be unset');
  else yield invalid('spec.clusterIPs[0]', addresses, 'may not change once set');
}
