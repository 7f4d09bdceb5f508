import type { Container, Pod } from '../api/core-v1.generated.js';
import type { Image } from '../containers/image.js';
import type { User } from '../containers/process.js';

const NAMES: Record<number, string> = { 0: 'root', 33: 'www-data', 65534: 'nobody' };

/** Who a container runs as: its security context, the pod's, or the image's user. */
export function userOf(container: Container, pod: Pod, image: Image | undefined): User {
  const own = container.securityContext;
  const shared = pod.spec?.securityContext;
  const [imageUid, imageGid] = (image?.user ?? '0').split(':').map(Number);
  const uid = own?.runAsUser ?? shared?.runAsUser ?? imageUid ?? 0;
  const gid = own?.runAsGroup ?? shared?.runAsGroup ?? imageGid ?? 0;
  return { uid, gid, name: NAMES[uid] ?? '' };
}
