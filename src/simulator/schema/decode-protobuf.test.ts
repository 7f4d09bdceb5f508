import { describe, expect, it } from 'vitest';
import { DecodeError, decodeJson } from './decode-json.js';
import { decodeProtobuf } from './decode-protobuf.js';

/** Bodies that kubectl 1.35 sent, in base64. */
const SENT = {
  deployment:
    'azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50ErgBCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEoYBCAMSDAoKCgNhcHASA3dlYhpsChwKABIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEkwSLgoFbmdpbngSBW5naW54KgAyCgoAEAAYUCIAKgBCAGoAcgCAAQCIAQCQAQCiAQAaADIAQgBKAFIAWABgAGgAggEAigEAmgEAwgEAIgIKACgAOAAaDAgAEAAYACAAKAA4ABoAIgA=',
  service:
    'azhzAAoNCgJ2MRIHU2VydmljZRJnCh0KAm5wEgAaACIAKgAyADgAQgBaCQoDYXBwEgJucBJCCh0KBzgwLTgwODASA1RDUBhQIgcIABCQPxoAKIDrARIJCgNhcHASAm5wGgAiCE5vZGVQb3J0OgBCAFIAWgBgAGgAGgIKABoAIgA=',
  secret: 'azhzAAoMCgJ2MRIGU2VjcmV0Eh0KEQoBcxIAGgAiACoAMgA4AEIAEgYKAWESAWIaABoAIgA=',
  disruptionBudget:
    'azhzAAogCglwb2xpY3kvdjESE1BvZERpc3J1cHRpb25CdWRnZXQSNgoRCgFwEgAaACIAKgAyADgAQgASFQoJCAEQABoDNTAlEggKBgoBYRIBYhoKCAAYACAAKAAwABoAIgA=',
};

const decode = (base64: string) => decodeProtobuf(Buffer.from(base64, 'base64'));

describe('decodeProtobuf', () => {
  it('reads a deployment as its JSON would be read', () => {
    const { apiVersion, kind, value } = decode(SENT.deployment);
    expect({ apiVersion, kind }).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment' });
    const json = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', creationTimestamp: null, labels: { app: 'web' } },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'nginx', image: 'nginx', ports: [{ containerPort: 80 }] }] },
        },
      },
    };
    expect(value).toEqual(decodeJson(JSON.stringify(json), 'io.k8s.api.apps.v1.Deployment').value);
  });

  it('reads integers that may be texts', () => {
    expect(decode(SENT.service).value).toMatchObject({
      spec: { type: 'NodePort', ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] },
    });
    expect(decode(SENT.disruptionBudget).value).toMatchObject({ spec: { minAvailable: '50%' } });
  });

  it('reads bytes as base64', () => {
    expect(decode(SENT.secret).value).toMatchObject({ data: { a: Buffer.from('b').toString('base64') } });
  });

  it('refuses every truncation of a body', () => {
    const body = Buffer.from(SENT.deployment, 'base64');
    const whole = decodeProtobuf(body).value;
    for (let length = 0; length < body.length; length++) {
      let value: unknown;
      try {
        value = decodeProtobuf(body.subarray(0, length)).value;
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
        continue;
      }
      // Only the fields of the envelope after the object may be missing.
      expect(value).toEqual(whole);
    }
  });

  it('skips fields that it does not know', () => {
    const body = Buffer.concat([Buffer.from(SENT.secret, 'base64'), Buffer.from([0xf8, 0x07, 0x01])]);
    expect(decodeProtobuf(body).kind).toBe('Secret');
  });
});
