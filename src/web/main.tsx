import { render } from 'preact';
import './page.css';
import './now.css';
import './incident.css';
import './graph.css';
import { follow } from './incidents.js';
import { Shell } from './shell.js';
import { loadSources } from './source-list.js';

render(<Shell />, document.getElementById('page')!);
follow();
// On every view: they tell how late it is for the cluster.
void loadSources();
