import { useEffect } from 'preact/hooks';
import { CataloguePage } from './pages/catalogue-page';
import { LabPage } from './pages/lab-page';
import { SignInPage } from './pages/sign-in-page';
import { TopBar } from './parts/top-bar';
import { route } from './route';
import { me, refreshSession } from './session';

export function App() {
  useEffect(() => {
    refreshSession().catch(() => {
      me.value = null;
    });
  }, []);

  const where = route.value;
  if (where.page === 'sign-in') return <SignInPage code={where.code} />;
  if (me.value === undefined) return null;
  if (me.value === null) return <SignInPage code={undefined} />;
  if (where.page === 'lab') return <LabPage key={where.id} id={where.id} />;
  return (
    <>
      <TopBar />
      <CataloguePage />
    </>
  );
}
