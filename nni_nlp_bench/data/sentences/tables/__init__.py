"""Tables of labelled texts: file formats, columns and rows."""
