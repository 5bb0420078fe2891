"""The built-in pictures: digits and letters that our own renderer draws from the typefaces of pinned packages."""
