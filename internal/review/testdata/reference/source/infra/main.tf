terraform {
  required_version = "~> 1.9"
}

resource "aws_lb_target_group" "orders" {
  port                 = 8080
  protocol             = "HTTP"
  target_type          = "ip"
  vpc_id               = aws_vpc.main.id
  deregistration_delay = 30
  health_check {
    path = "/healthz"
  }
}
