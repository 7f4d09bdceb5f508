import { randomBytes, randomUUID } from 'node:crypto';
import { generateName } from '../machinery/random-suffix.js';
import type { KubernetesObject } from '../object.js';
import type { StoreContents } from '../storage/store.js';

/** What one cluster that is cast has of its own; all else that must differ is made up. */
export interface ClusterFacts {
  /** Cluster time, ms, at which it is as the mould has it. */
  nowMs: number;
  /** PEM. */
  certificateAuthority: string;
}

/** Times, uids (also without dashes, in hashes of static pods), container ids: what may vary inside longer texts. */
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/.source;
const UID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{32}\b/.source;
const CONTAINER_ID = /containerd:\/\/[0-9a-f]{64}/.source;

type Fresh = (facts: ClusterFacts, made: ReadonlyMap<string, string>) => string;

/**
 * The state of one cluster, from which any number of new ones are cast: with uids, generated names, container ids and a
 * certificate authority of their own, and with all times moved so that the latest is now. Parts without any of these are
 * shared by all that is cast, and frozen, so that no cluster can change another.
 */
export class ClusterMould {
  /** How to make each word that differs. */
  private readonly words = new Map<string, Fresh>();
  /** Every text, value or key, that has such words in it, cut at them. */
  private readonly texts = new Map<string, string[]>();
  private readonly constantTexts = new Set<string>();
  private readonly shared = new WeakSet<object>();
  private readonly cut: RegExp;
  private latestMs = 0;

  constructor(
    private readonly original: StoreContents,
    certificateAuthority: string,
  ) {
    const names = this.collectWords(certificateAuthority);
    this.cut = new RegExp(`(${[TIME, UID, CONTAINER_ID, ...names].join('|')})`);
    for (const { object } of original.objects) this.examine(object);
  }

  cast(facts: ClusterFacts): StoreContents {
    const made = new Map<string, string>();
    for (const [word, fresh] of this.words) made.set(word, fresh(facts, made));
    const texts = new Map<string, string>();
    for (const [text, parts] of this.texts)
      texts.set(text, parts.map((part) => made.get(part) ?? part).join(''));
    const objects = this.original.objects.map(({ resource, object }) => ({
      resource,
      object: this.copy(object, texts) as KubernetesObject,
    }));
    return { revision: this.original.revision, objects };
  }

  /** Returns the generated names. */
  private collectWords(certificateAuthority: string): string[] {
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    this.words.set(certificateAuthority, (facts) => facts.certificateAuthority);
    this.words.set(base64(certificateAuthority), (facts) => base64(facts.certificateAuthority));
    const names: string[] = [];
    for (const { object } of this.original.objects) {
      const { uid, name, generateName: prefix } = object.metadata;
      this.words.set(uid, () => randomUUID());
      this.words.set(uid.replaceAll('-', ''), (_, made) => (made.get(uid) ?? '').replaceAll('-', ''));
      if (!prefix) continue;
      names.push(name);
      this.words.set(name, () => generateName(prefix));
    }
    return names;
  }

  /** Notes the texts that vary and the parts that do not; true when `value` may be shared. */
  private examine(value: unknown): boolean {
    if (typeof value === 'string') return this.isConstant(value);
    if (typeof value !== 'object' || value === null || this.shared.has(value)) return true;
    let constant = true;
    for (const [key, member] of Object.entries(value)) {
      const keyIsConstant = Array.isArray(value) || this.isConstant(key);
      constant = this.examine(member) && keyIsConstant && constant;
    }
    if (constant) this.shared.add(Object.freeze(value));
    return constant;
  }

  private isConstant(text: string): boolean {
    if (this.constantTexts.has(text)) return true;
    if (this.texts.has(text)) return false;
    const parts = this.words.has(text) ? [text] : text.split(this.cut);
    for (const part of parts) {
      if (isContainerId(part)) this.words.set(part, newContainerId);
      else if (isTime(part)) this.addTime(part);
    }
    const constant = !parts.some((part) => this.words.has(part));
    if (constant) this.constantTexts.add(text);
    else this.texts.set(text, parts);
    return constant;
  }

  private addTime(time: string): void {
    const timeMs = Date.parse(time);
    this.latestMs = Math.max(this.latestMs, timeMs);
    const decimals = time.includes('.') ? '000Z' : 'Z';
    this.words.set(time, ({ nowMs }) =>
      new Date(nowMs - this.latestMs + timeMs)
        .toISOString()
        .replace(time.includes('.') ? 'Z' : /\.\d{3}Z$/, decimals),
    );
  }

  private copy(value: unknown, texts: ReadonlyMap<string, string>): unknown {
    if (typeof value === 'string') return texts.get(value) ?? value;
    if (typeof value !== 'object' || value === null || this.shared.has(value)) return value;
    if (Array.isArray(value)) return value.map((item) => this.copy(item, texts));
    const copy: Record<string, unknown> = {};
    for (const [key, member] of Object.entries(value)) copy[texts.get(key) ?? key] = this.copy(member, texts);
    return copy;
  }
}

const isTime = (text: string) => /^\d{4}-\d\d-\d\dT.*Z$/.test(text);
const isContainerId = (text: string) => new RegExp(`^${CONTAINER_ID}$`).test(text);
const newContainerId = () => `containerd://${randomBytes(32).toString('hex')}`;
