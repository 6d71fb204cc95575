"""What a graph cannot do well: grouping of peaks into instances."""
