import { render } from 'preact';
import './page.css';
import './now.css';
import './incident.css';
import './graph.css';
import { follow } from './incidents.js';
import { Shell } from './shell.js';

render(<Shell />, document.getElementById('page')!);
follow();
