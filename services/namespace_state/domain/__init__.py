"""What is known of edge nodes and metrics, who owns what, and how it is projected: pure."""
