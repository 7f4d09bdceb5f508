import { render } from 'preact';
import { App } from './app';
import './styles/base.css';
import './styles/catalogue.css';
import './styles/lab.css';

const mount = document.getElementById('app');
if (mount) render(<App />, mount);
