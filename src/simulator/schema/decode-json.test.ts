import { describe, expect, it } from 'vitest';
import { DecodeError, decodeJson, decodeValue } from './decode-json.js';
import { decodeYaml } from './decode-yaml.js';

const DEPLOYMENT = 'io.k8s.api.apps.v1.Deployment';
const POD = 'io.k8s.api.core.v1.Pod';
const CONFIG_MAP = 'io.k8s.api.core.v1.ConfigMap';

const refusal = (decode: () => unknown): string => {
  try {
    decode();
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
  throw new Error('was decoded');
};

describe('decodeJson', () => {
  it.each([
    [
      DEPLOYMENT,
      '{"spec":{"replicas":"three"}}',
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      POD,
      '{"spec":{"containers":[{"env":[{"name":"A","value":5}]}]}}',
      'json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string',
    ],
    [
      POD,
      '{"spec":{"containers":{}}}',
      'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
    ],
    [
      POD,
      '{"spec":{"restartPolicy":true}}',
      'json: cannot unmarshal bool into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy',
    ],
    [
      CONFIG_MAP,
      '{"data":{"port":8080}}',
      'json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    ],
    [
      DEPLOYMENT,
      '{"spec":{"replicas":1.5}}',
      'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [POD, '[]', 'json: cannot unmarshal array into Go value of type v1.Pod'],
    [POD, '{"spec": ', 'unexpected end of JSON input'],
    [POD, '{"spec": x}', "invalid character 'x' looking for beginning of value"],
    [
      POD,
      '{"metadata":{"creationTimestamp":"yesterday"}}',
      'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    ],
  ])('refuses for %s the body %s', (typeName, text, message) => {
    expect(refusal(() => decodeJson(text, typeName))).toBe(message);
  });

  it('reports a wrong quantity before an earlier wrong type, as Go does', () => {
    const text =
      '{"spec":{"hostname":5,"containers":[{"name":"c","resources":{"requests":{"memory":"abc"}}}]}}';
    expect(refusal(() => decodeJson(text, POD))).toBe(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
  });

  it('drops unknown fields and says where they were', () => {
    const text = '{"spec":{"replica":2,"template":{"spec":{"containers":[{"name":"c","imag":"x"}]}}}}';
    const { value, unknownFields } = decodeJson(text, DEPLOYMENT);
    expect(unknownFields).toEqual(['spec.replica', 'spec.template.spec.containers[0].imag']);
    expect(JSON.stringify(value)).not.toContain('imag');
  });

  it('finds repeated fields when asked, and the last one counts', () => {
    const text = '{"data":{"a":"1","a":"2"},"metadata":{"name":"x"},"metadata":{"name":"y"}}';
    const { value, duplicateFields } = decodeJson(text, CONFIG_MAP, { findDuplicates: true });
    expect(duplicateFields).toEqual(['data.a', 'metadata']);
    expect(value).toMatchObject({ data: { a: '2' }, metadata: { name: 'y' } });
  });

  it('writes what Go would write: zero values, nulls, structs, quantities and times', () => {
    const value = decodeJson(
      JSON.stringify({
        metadata: {
          name: 'x',
          labels: null,
          annotations: {},
          creationTimestamp: '2026-01-01T10:00:00.5+02:00',
        },
        spec: {
          replicas: 0,
          paused: false,
          template: {
            spec: {
              hostname: '',
              containers: [{ name: 'c', resources: { limits: { cpu: '1000m', memory: 1024 } } }],
            },
          },
        },
      }),
      DEPLOYMENT,
    ).value;
    expect(value).toEqual({
      metadata: { name: 'x', creationTimestamp: '2026-01-01T08:00:00Z' },
      spec: {
        replicas: 0,
        strategy: {},
        template: {
          metadata: {},
          spec: { containers: [{ name: 'c', resources: { limits: { cpu: '1', memory: '1024' } } }] },
        },
      },
      status: {},
    });
  });

  it('keeps an empty text where Go has a pointer', () => {
    const { value } = decodeValue(
      { spec: { storageClassName: '' } },
      'io.k8s.api.core.v1.PersistentVolumeClaim',
    );
    expect(value).toMatchObject({ spec: { storageClassName: '' } });
  });

  it('leaves custom resources alone but for their metadata', () => {
    const { value } = decodeJson(
      '{"metadata":{"labels":null,"name":"x"},"spec":{"a":null,"b":""}}',
      undefined,
    );
    expect(value).toEqual({ metadata: { name: 'x' }, spec: { a: null, b: '' } });
  });

  it('bounds depth', () => {
    const deep = `{"data":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    expect(refusal(() => decodeJson(deep, 'io.k8s.api.apps.v1.ControllerRevision'))).toBe(
      'exceeded max depth',
    );
    expect(refusal(() => decodeJson(deep, undefined))).toBe('exceeded max depth');
  });
});

describe('decodeYaml', () => {
  it('reads YAML 1.1 as Kubernetes does', () => {
    const { value } = decodeYaml('data: {on: "yes", when: 2026-01-01}\nimmutable: yes\n', undefined);
    expect(value).toEqual({ data: { true: 'yes', when: '2026-01-01' }, immutable: true });
  });

  it('refuses an alias bomb', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 9; level++)
      lines.push(
        `a${level}: &a${level} [${Array(9)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
      );
    expect(refusal(() => decodeYaml(lines.join('\n'), undefined))).toContain('excessive aliasing');
  });
});
