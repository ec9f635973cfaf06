"""What the pages tell operators to type, compared with what there is once an overlay is applied."""
