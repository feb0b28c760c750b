/** The program of the landing page with nothing but what it uses, so that it trains within the first second. */
import '../live/listen.ts';
import './net.ts';
