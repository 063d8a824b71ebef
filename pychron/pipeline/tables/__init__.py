"""Tables for publication: analyses, ages of samples, and how they were made, as XLSX or CSV."""
