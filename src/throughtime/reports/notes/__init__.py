"""What later looks into a run leave in its report, a file each: tables for a terminal and the page, and the section."""
