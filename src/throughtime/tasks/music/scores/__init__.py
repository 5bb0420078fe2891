"""Music: scores from MIDI, MusicXML and MATLAB files, piano-rolls and events, sound and pictures."""
