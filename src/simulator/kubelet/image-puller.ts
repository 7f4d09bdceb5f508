import type { Container, Pod } from '../api/core-v1.generated.js';
import type { Client } from '../client.js';
import type { Clock } from '../clock/clock.js';
import type { Image } from '../containers/image.js';
import type { ImageCatalogue } from '../containers/image-catalogue.js';
import { formatImageReference, parseImageReference } from '../containers/image-reference.js';
import { BackOff } from './back-off.js';
import { formatGoDuration } from './go-duration.js';
import { RETRY_AFTER_MS, WaitingError } from './waiting-error.js';

/** A registry answers in this time, and then sends so much in a millisecond: nginx (72 MB) takes about a second. */
const REGISTRY_MS = 280;
const BYTES_PER_MS = 100_000;
/** How long a failed pull is shown as ErrImagePull before it is shown as ImagePullBackOff. */
const SHOW_ERROR_MS = 3000;

/** The images of one node: pulls what is missing, as the pull policy says, with the kubelet's events. */
export class ImagePuller {
  private readonly present = new Map<string, Image>();
  private readonly pulling = new Map<string, Promise<Image | string>>();
  private readonly backOffs = new Map<string, { backOff: BackOff; failedAtMs: number; message: string }>();

  constructor(
    private readonly catalogue: ImageCatalogue,
    private readonly client: Client,
    private readonly clock: Clock,
    private readonly onPulled: (image: Image) => void,
  ) {}

  /** Puts an image on the node without a pull, as kind does with those of its node image. */
  preload(name: string): void {
    const reference = parseImageReference(name);
    const found = reference && this.catalogue.find(reference);
    if (found && 'image' in found) this.present.set(found.image.name, found.image);
  }

  /** The image when it is on the node. */
  find(name: string): Image | undefined {
    const reference = parseImageReference(name);
    return reference && this.present.get(formatImageReference(reference));
  }

  /** Puts an image on the node as `kind load` does: one that came from no registry is known by its own digest alone. */
  load(name: string): void {
    const reference = parseImageReference(name);
    const found = reference && this.catalogue.find(reference);
    if (!found || !('image' in found)) return;
    const { image } = found;
    this.present.set(image.name, { ...image, id: image.id.slice(image.id.indexOf('@') + 1) });
  }

  list(): Image[] {
    return [...this.present.values()];
  }

  /** Resolves with the container's image once it is on the node; rejects with WaitingError. */
  async ensure(pod: Pod, container: Container, fieldPath: string): Promise<Image> {
    const given = container.image ?? '';
    const note = (type: 'Normal' | 'Warning', reason: string, message: string) =>
      this.client.note({ about: pod, type, reason, message, fieldPath });
    const reference = parseImageReference(given);
    if (!reference) {
      const message = `Failed to apply default image tag "${given}": couldn't parse image name "${given}": invalid reference format`;
      note('Warning', 'InspectFailed', message);
      note('Warning', 'Failed', 'Error: InvalidImageName');
      throw new WaitingError('InvalidImageName', message, RETRY_AFTER_MS);
    }
    const name = formatImageReference(reference);
    const here = this.present.get(name);
    if (here && container.imagePullPolicy !== 'Always') {
      note(
        'Normal',
        'Pulled',
        `Container image "${given}" already present on machine and can be accessed by the pod`,
      );
      return here;
    }
    if (container.imagePullPolicy === 'Never') {
      const message = `Container image "${given}" is not present with pull policy of Never`;
      note('Warning', 'ErrImageNeverPull', message);
      note('Warning', 'Failed', 'Error: ErrImageNeverPull');
      throw new WaitingError('ErrImageNeverPull', message, RETRY_AFTER_MS);
    }
    this.refuseDuringBackOff(pod, name, given, note);
    note('Normal', 'Pulling', `Pulling image "${given}"`);
    const startedAtMs = this.clock.now();
    const result = await this.pull(name, here !== undefined);
    if (typeof result === 'string') throw this.failed(pod, name, given, result, note);
    this.backOffs.delete(`${pod.metadata.uid}/${name}`);
    const took = formatGoDuration(Math.max(1, this.clock.now() - startedAtMs));
    note(
      'Normal',
      'Pulled',
      `Successfully pulled image "${given}" in ${took} (${took} including waiting). Image size: ${result.sizeBytes} bytes.`,
    );
    return result;
  }

  private refuseDuringBackOff(pod: Pod, name: string, given: string, note: Note): void {
    const failure = this.backOffs.get(`${pod.metadata.uid}/${name}`);
    const remainingMs = failure?.backOff.remaining(failure.failedAtMs, this.clock.now()) ?? 0;
    if (!failure || remainingMs === 0) return;
    note('Normal', 'BackOff', `Back-off pulling image "${given}"`);
    note('Warning', 'Failed', 'Error: ImagePullBackOff');
    throw new WaitingError(
      'ImagePullBackOff',
      `Back-off pulling image "${given}": ErrImagePull: ${failure.message}`,
      remainingMs,
    );
  }

  private failed(pod: Pod, name: string, given: string, message: string, note: Note): WaitingError {
    const key = `${pod.metadata.uid}/${name}`;
    const failure = this.backOffs.get(key) ?? { backOff: new BackOff(), failedAtMs: 0, message };
    failure.failedAtMs = this.clock.now();
    failure.backOff.advance(failure.failedAtMs);
    this.backOffs.set(key, failure);
    note('Warning', 'Failed', `Failed to pull image "${given}": ${message}`);
    note('Warning', 'Failed', 'Error: ErrImagePull');
    return new WaitingError('ErrImagePull', message, SHOW_ERROR_MS);
  }

  /** Forgets the failures of a pod that is gone. */
  forget(podUid: string): void {
    for (const key of this.backOffs.keys()) if (key.startsWith(`${podUid}/`)) this.backOffs.delete(key);
  }

  /** The image, or why there is none; containers that want one image at the same time share one pull. */
  private pull(name: string, onlyCheck: boolean): Promise<Image | string> {
    const underWay = this.pulling.get(name);
    if (underWay) return underWay;
    const pull = this.fetch(name, onlyCheck).finally(() => this.pulling.delete(name));
    this.pulling.set(name, pull);
    return pull;
  }

  private async fetch(name: string, onlyCheck: boolean): Promise<Image | string> {
    const reference = parseImageReference(name);
    const found = reference ? this.catalogue.find(reference) : { error: 'invalid reference format' };
    const sizeBytes = 'image' in found && !onlyCheck ? found.image.sizeBytes : 0;
    await this.clock.sleep(REGISTRY_MS + Math.min(4000, sizeBytes / BYTES_PER_MS));
    if ('error' in found) return found.error;
    this.present.set(name, found.image);
    if (!onlyCheck) this.onPulled(found.image);
    return found.image;
  }
}

type Note = (type: 'Normal' | 'Warning', reason: string, message: string) => void;
