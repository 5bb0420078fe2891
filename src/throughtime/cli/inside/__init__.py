"""What `throughtime inspect` can look at, a file each."""
