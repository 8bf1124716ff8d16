import { render } from 'preact';
import { App } from './app.js';
import { followLocation } from './state/location.js';
import { followTheme } from './state/theme.js';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/components.css';

followTheme();
followLocation();
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
