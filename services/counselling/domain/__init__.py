"""What a country centre knows and may do: values and rules, without input, output or clock."""
