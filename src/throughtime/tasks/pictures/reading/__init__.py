"""Pictures out of folders, IDX files, arrays and tables, all of one size."""
