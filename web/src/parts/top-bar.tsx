import type { ComponentChildren } from 'preact';
import { goTo } from '../route';
import { me, signOut } from '../session';

/** The bar on top of every page; `children` stand between the name and the account. */
export function TopBar({ children }: { children?: ComponentChildren }) {
  const leave = async () => {
    await signOut();
    goTo('/sign-in');
  };
  return (
    <header class="top-bar">
      <a class="brand" href="#/">
        <img src="/anchor.svg" alt="" width="22" height="22" /> Seatrial
      </a>
      <div class="top-bar-middle">{children}</div>
      {me.value && (
        <div class="account">
          <span>{me.value.name}</span>
          <button type="button" class="quiet" onClick={leave}>
            Sign out
          </button>
        </div>
      )}
    </header>
  );
}
